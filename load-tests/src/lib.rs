//! The simulator, simulated participants, and tests of the whole.
