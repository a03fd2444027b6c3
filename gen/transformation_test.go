package gen

import (
	"encoding/json"
	"testing"
)

func TestTransformationGroups(t *testing.T) {
	number := func(text string) json.Number { return json.Number(text) }
	// The order is neither that of the alphabet nor that of a map.
	roundTrip(t, `{"w":800,"fit":"crop","a":true,"b":false,"q":0.80,"n":12345678901234567}`, TransformationGroups{{
		{"w", number("800")}, {"fit", "crop"}, {"a", true}, {"b", false}, {"q", number("0.80")}, {"n", number("12345678901234567")},
	}})
	roundTrip(t, `[{"text":"Hello","w":1},{"text":"World"},{}]`, TransformationGroups{
		{{"text", "Hello"}, {"w", number("1")}}, {{"text", "World"}}, {},
	})
	roundTrip(t, `[]`, TransformationGroups{})
	roundTrip(t, `{}`, TransformationGroups{{}})
	refuses(t, TransformationGroups{{{"old", true}}},
		`"x"`, `7`, `true`, `[7]`, `[[]]`, `[null]`, `{"w":null}`, `{"w":{}}`, `{"w":[1]}`, `{"w":1,"w":2}`, `[{"w":null}]`)

	// A list of one group means the same as the group.
	var groups TransformationGroups
	if err := json.Unmarshal([]byte(` [ {"w":1} ] `), &groups); err != nil || len(groups) != 1 {
		t.Errorf("a list of one: %v, %v", groups, err)
	}
	for name, param := range map[string]TransformationParam{
		"nil": {"w", nil}, "a list": {"w", []int{1}}, "an object": {"w", map[string]any{}}, "not a number": {"w", json.Number("x")},
	} {
		if data, err := json.Marshal(TransformationGroup{param}); err == nil {
			t.Errorf("%s: no error, %s", name, data)
		}
	}
	if data, err := json.Marshal(TransformationGroup{{"w", 1}, {"w", 2}}); err == nil {
		t.Errorf("a name twice: no error, %s", data)
	}
	if data, err := json.Marshal(TransformationGroup{{"i", int64(1)}, {"u", uint8(2)}, {"f", 1.5}}); err != nil || string(data) != `{"i":1,"u":2,"f":1.5}` {
		t.Errorf("Go's numbers: %s, %v", data, err)
	}
}

func TestTransformationParamsLeftOut(t *testing.T) {
	roundTrip(t, `{}`, ProcessFileAndSaveRequest{})
	roundTrip(t, `{"metadata":{},"tags":{"merge":true}}`, ProcessFileAndSaveRequest{
		Metadata: &CopyableArtifactMetadata{}, Tags: &CopyableArtifactTags{Merge: true},
	})
}
