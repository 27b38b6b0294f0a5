"""What the learner meets: exercises, claims that are checked, their own functions."""
