//! A simulated ConnectWise over a real socket. It shares no code with the client, so it cannot share its mistakes.
