# What kong-consul needs from Consul, each right with what it is for:
#
#   consul acl policy create -name kong-consul -rules @consul-policy.hcl
#   consul acl token create -description kong-consul -policy-name kong-consul
#
# It writes nothing but the lock of --leader-election.

# The instances of the bound services, and the list of all services, from which a global plugin binds.
# Without a global plugin a rule for each bound service is enough: service "web" { policy = "read" }
service_prefix "" {
  policy = "read"
}

# The nodes that the instances are on, with their addresses and checks.
# Without it Consul leaves their instances out; kong-consul sees that it did, and changes nothing.
node_prefix "" {
  policy = "read"
}

# The agent's version and its limit of connections. Without it a limit of 200 is assumed.
agent_prefix "" {
  policy = "read"
}

# Only for --leader-election: the lock, under the default leader_key.
key_prefix "kong-consul/" {
  policy = "write"
}

# Only for --leader-election: the session that holds the lock, on the node of the agent that is asked.
# With that node's name in place of "" it is narrower: session "node-1" { policy = "write" }
session_prefix "" {
  policy = "write"
}
