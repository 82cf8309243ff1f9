# Two sidecars of which one leads, on Nomad: nomad job run kong-consul.nomad.hcl
job "kong-consul" {
  type = "service"

  # One after the other, each healthy before the next: there is always one that leads.
  update {
    max_parallel     = 1
    min_healthy_time = "10s"
    healthy_deadline = "2m"
    auto_revert      = true
  }

  group "sidecar" {
    count = 2

    constraint {
      operator = "distinct_hosts"
      value    = "true"
    }

    network {
      port "status" {
        to = 7070
      }
    }

    service {
      name = "kong-consul"
      port = "status"

      check {
        type     = "http"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "kong-consul" {
      driver       = "docker"
      kill_timeout = "10s"

      config {
        image           = "kong-consul:0.1.0"
        ports           = ["status"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
      }

      env {
        CONSUL_HTTP_ADDR            = "http://${attr.unique.network.ip-address}:8500"
        KONG_ADMIN_URL              = "http://kong-admin.example.internal:8001"
        KONG_CONSUL_LISTEN          = "0.0.0.0:7070"
        KONG_CONSUL_LEADER_ELECTION = "true"
      }

      # Tokens, from Nomad's own variables.
      template {
        destination = "secrets/tokens.env"
        env         = true
        data        = <<-EOT
          {{- with nomadVar "nomad/jobs/kong-consul" }}
          CONSUL_HTTP_TOKEN={{ .consul_token }}
          {{- end }}
        EOT
      }

      resources {
        cpu    = 200
        memory = 256
      }
    }
  }
}
