//! Learners and their saved form: the only room that names `linfa`.
