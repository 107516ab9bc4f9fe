"""Real kube-apiserver and etcd binaries in the place of the lab's own server."""
