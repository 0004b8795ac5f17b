//! The data's way, on one screen.
