"""The vocabulary: frozen values and the protocols that use them; standard library only."""
