"""What a lab is made of: no MXNet in here, and no chapter."""
