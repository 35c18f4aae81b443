"""Safety: text in, verdict or scrubbed text out. Takes strings, imports only weights."""
