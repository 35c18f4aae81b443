"""Messages that ask two questions, or one in many words: what they get as one, and told apart."""
