"""Messages that ask two questions, or one in many words: what they get, before and after they are told apart."""
