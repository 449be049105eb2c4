"""What every request passes through: errors, guard, authentication, limits, request ids."""
