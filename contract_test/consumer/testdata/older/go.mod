module example.com/older

go 1.26.0

require github.com/getkin/kin-openapi v0.142.0
