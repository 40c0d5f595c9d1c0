"""How messages leave: through Solapi or a server that speaks as it does, or to the log of a developer."""
