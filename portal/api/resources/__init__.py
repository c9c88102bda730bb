"""The resources of the API, one module each. They find rows `visible_to` the caller and call one service."""
