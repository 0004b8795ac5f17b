//! What several commands take on their command line.
