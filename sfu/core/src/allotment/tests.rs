//! Budgets and what is made of them.
