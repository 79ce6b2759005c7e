"""wedgate.yml: strict loader with positions, models, reference checks, generated JSON Schema."""
