"""What turns notebooks into the course: stored outputs, costs, pages."""
