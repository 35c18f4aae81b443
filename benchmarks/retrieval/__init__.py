"""The retriever against its peers: order, confidence, speed, and what was tried (`make bench-retrieval`)."""
