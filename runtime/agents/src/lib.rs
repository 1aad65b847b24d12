//! Programs that write code when prompted: processes and agent backends.
