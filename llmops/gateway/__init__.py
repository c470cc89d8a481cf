"""The gateway of the local target: shares an endpoint's requests among its deployments."""
