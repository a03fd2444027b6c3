package emulator

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/internal/fake"
)

// The text is what https://prometheus.io/docs/instrumenting/exposition_formats asks for.
var metricsFormat = regexp.MustCompile(`^(# HELP [a-z_]+ [^\n]+\n# TYPE [a-z_]+ (counter|gauge)\n([a-z_]+(\{[a-z]+="[A-Za-z0-9]+"(,[a-z]+="[A-Za-z0-9]+")*\})? [0-9]+\n)*)+$`)

func TestMetrics(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{"memory": {}, "disk": {Temporary: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options.Probes, options.Service = true, fake.Options{Lenient: true}
			e := start(t, options)
			if err := e.Service().Fail(fault.Fault{Operation: "BasicUpload", Occurrence: 2, Kind: fault.Status, Status: 503}); err != nil {
				t.Fatal(err)
			}
			header := http.Header{"Authorization": {"Bearer " + testKey}, "Content-Type": {"text/plain"}}
			upload := e.URL() + "/v2/accounts/A623uY2/uploads/binary?filePath=/a"
			request(t, http.MethodPost, upload, header, "hello")
			request(t, http.MethodPost, upload, header, "hello")
			request(t, http.MethodGet, e.URL()+"/A623uY2/raw/a", http.Header{}, "")
			request(t, http.MethodGet, e.URL()+"/nowhere", http.Header{"Origin": {"https://evil.example"}}, "")
			json := http.Header{"Authorization": {"Bearer " + testKey}, "Content-Type": {"application/json"}}
			request(t, http.MethodPost, e.URL()+"/v2/accounts/A623uY2/uploads", json, `{"size": 5, "protocol": "1.1"}`)

			response, body := request(t, http.MethodGet, e.URL()+"/metrics", http.Header{}, "")
			if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
				t.Errorf("%s, %v", response.Status, response.Header)
			}
			if !metricsFormat.MatchString(body) {
				t.Errorf("not the format of Prometheus:\n%s", body)
			}
			for _, line := range []string{
				`bytescale_emulator_requests_total{operation="BasicUpload",status="200"} 1`,
				`bytescale_emulator_requests_total{operation="BasicUpload",status="503"} 1`,
				`bytescale_emulator_requests_total{operation="DownloadFile",status="200"} 1`,
				`bytescale_emulator_requests_total{operation="none",status="403"} 1`,
				`bytescale_emulator_request_bytes_total{operation="BasicUpload"} 10`,
				`bytescale_emulator_response_bytes_total{operation="DownloadFile"} 5`,
				`bytescale_emulator_faults_total{kind="status"} 1`,
				`bytescale_emulator_uploads_in_progress 1`,
				`bytescale_emulator_open_requests{kind="api"} 0`,
			} {
				if !strings.Contains(body, line+"\n") {
					t.Errorf("no line %s in\n%s", line, body)
				}
			}
		})
	}
}
