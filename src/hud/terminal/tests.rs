//! Frames of real and of broken workspaces.
