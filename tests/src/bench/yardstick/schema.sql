-- The seed's tables, as far as placement needs them. Nothing here keeps the balance by itself, no
-- CHECK and no UNIQUE port: it is for the lock to keep, as it is for a condition over there.
DROP TABLE IF EXISTS containers, worker_nodes, floor;

CREATE TABLE worker_nodes (
  id text PRIMARY KEY,
  state text NOT NULL,
  total_mib bigint NOT NULL,
  total_cpu bigint NOT NULL,
  free_mib bigint NOT NULL,
  free_cpu bigint NOT NULL
);

CREATE TABLE containers (
  project_id text NOT NULL,
  worker_node_id text NOT NULL REFERENCES worker_nodes,
  memory_mib bigint NOT NULL,
  cpu_millis bigint NOT NULL,
  port bigint NOT NULL
);
CREATE INDEX ON containers (worker_node_id, port);

CREATE TABLE floor (id bigint PRIMARY KEY, touched bigint NOT NULL);
