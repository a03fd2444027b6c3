{{ range . }}{{ .LicensePath }}	{{ .Version }}	{{ .LicenseName }}
{{ end }}
