"""One whole site on one machine: broker, case server and one edge daemon on a clip."""
