module wedgate/benchmarks/peers

go 1.22.0

require (
	github.com/prometheus/alertmanager v0.28.1
	github.com/robfig/cron/v3 v3.0.1
	gopkg.in/yaml.v2 v2.4.0
)
