module kong-consul.test/consul

go 1.20

require (
	github.com/hashicorp/consul v1.14.8
	github.com/hashicorp/consul/api v1.18.1
)
