//! One report model, and its forms: terminal text and JSON.
