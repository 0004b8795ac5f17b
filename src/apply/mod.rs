//! A cleared plan and the run lock in, what really happened out: the write protocol.
