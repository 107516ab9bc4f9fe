"""The authenticator chain of a lab's API server: who a request, or a reviewed token, stands for."""
