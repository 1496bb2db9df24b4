//! Rules of offers and answers, one by one.
