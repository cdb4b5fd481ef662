//! The commands: one file each. The only room that prints.
