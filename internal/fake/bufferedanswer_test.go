package fake

import (
	"encoding/json"
	"testing"
)

func TestSetAt(t *testing.T) {
	for _, c := range []struct{ pointer, to, want string }{
		{"/a", `1`, `{"a":1,"l":[{"b":2}]}`},
		{"/l/0/b", `"x"`, `{"a":null,"l":[{"b":"x"}]}`},
		{"/l/0/b", `null`, `{"a":null,"l":[{}]}`},
		{"/new~1~0", `[1]`, `{"a":null,"l":[{"b":2}],"new/~":[1]}`},
		{"", `7`, `7`},
		{"/l/1/b", `3`, `{"a":null,"l":[{"b":2}]}`},
		{"/l/x", `3`, `{"a":null,"l":[{"b":2}]}`},
		{"/l/0/b/c", `3`, `{"a":null,"l":[{"b":2}]}`},
	} {
		var value any
		must(t, json.Unmarshal([]byte(`{"a":null,"l":[{"b":2}]}`), &value))
		got, err := json.Marshal(setAt(value, c.pointer, json.RawMessage(c.to)))
		if err != nil || string(got) != c.want {
			t.Errorf("%s = %s gives %s, %v, want %s", c.pointer, c.to, got, err, c.want)
		}
	}
}
