//! Git repositories by libgit2: the only room that names `git2`.
