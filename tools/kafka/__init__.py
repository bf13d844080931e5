"""A real single-node Apache Kafka on loopback, without a container engine."""
