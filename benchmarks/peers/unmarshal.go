package main

import "gopkg.in/yaml.v2"

// unmarshal reads an interval as Alertmanager reads its configuration file.
func unmarshal(text string, into any) error { return yaml.UnmarshalStrict([]byte(text), into) }
