"""What the defences do against attacks: on the message, in the FAQ, in the training rows."""
