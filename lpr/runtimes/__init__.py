"""What runs the networks: OpenCV built in, others through plugins; and the choice among them."""
