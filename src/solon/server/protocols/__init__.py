"""What others say and expect: one file per protocol, each with its own form of no reward."""
