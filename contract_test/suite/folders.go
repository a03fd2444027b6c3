package suite

import (
	"fmt"
	"slices"
	"strings"
)

// layer is a storage layer as requests have it.
type layer struct {
	kind   string
	value  string // without type and credentials
	fields []field
	keys   []string // the access and the secret key in the credentials; none has no credentials
}

const someBucket = `"bucketName":"b","objectKeyPrefix":"p/"`

func bucketFields(more ...field) []field {
	prefix := text("/bucket/objectKeyPrefix", "p", 0, 1024, "a b", "a\n")
	return append([]field{
		object("/bucket"), closed("/bucket"), text("/bucket/bucketName", "b", 1, 61), prefix, boolean("/useAbsolutePaths"),
	}, more...)
}

// shortURL is an address of at most 255 characters.
func shortURL(at string) field {
	f := fileURL(at)
	longest := "https://a.b/" + strings.Repeat("a", 243)
	f.good = []any{"https://a.b/", "http://127.0.0.1:8744", longest}
	f.bad = append(f.bad, longest+"a")
	return f
}

// layers are the storage layers that can be set.
var layers = []layer{
	{kind: "InternalStorageV2", value: `"mount":"/m"`, fields: []field{filePath("/mount").mayBeAbsent()}},
	{
		kind: "Web", value: `"appendQueryString":"a=b","baseUrl":"https://a.b/","queryStringForwarding":{"parameters":[{"name":"w"}],"type":"Whitelist"}`,
		fields: []field{
			text("/appendQueryString", "q", 1, 0, "").mayBeAbsent(),
			shortURL("/baseUrl").mayBeAbsent(),
			object("/queryStringForwarding").mayBeAbsent(),
			closed("/queryStringForwarding"),
			choice("/queryStringForwarding/type", "Whitelist", "Blacklist"),
			{at: "/queryStringForwarding/parameters", good: []any{[]any{}}, bad: notLists},
			object("/queryStringForwarding/parameters/0"),
			closed("/queryStringForwarding/parameters/0"),
			text("/queryStringForwarding/parameters/0/name", "n", 1, 0, ""),
		},
	},
	{
		kind: "S3", value: `"bucket":{` + someBucket + `,"bucketRegion":"us-east-1"},"useAbsolutePaths":true,"useTransferAcceleration":true`,
		fields: bucketFields(choice("/bucket/bucketRegion", awsRegions...), boolean("/useTransferAcceleration")),
		keys:   []string{"awsAccessKey", "awsSecretKey"},
	},
	{
		kind: "GenericS3",
		value: `"bucket":{` + someBucket + `,"bucketEndpoint":"https://a.b","bucketRegion":"r","forcePathStyle":true,
			"unsupportedOperations":["DeleteObjects"]},"useAbsolutePaths":true`,
		fields: bucketFields(
			shortURL("/bucket/bucketEndpoint"), text("/bucket/bucketRegion", "r", 0, 0), boolean("/bucket/forcePathStyle"),
			field{
				at: "/bucket/unsupportedOperations", good: []any{[]any{}},
				bad: append([]any{[]any{"DeleteObjects", "DeleteObjects"}}, notLists...),
			},
			choice("/bucket/unsupportedOperations/0", "DeleteObjects")),
		keys: []string{"accessKey", "secretKey"},
	},
	{
		kind: "DigitalOceanSpace", value: `"bucket":{` + someBucket + `,"bucketRegion":"nyc3"},"useAbsolutePaths":true`,
		fields: bucketFields(field{
			at: "/bucket/bucketRegion", good: []any{"nyc3", "ams9"}, bad: append([]any{"", "nyc", "nycc", "nyc33", "NYC3", "nyc٣"}, notStrings...),
		}),
		keys: []string{"spacesAccessKey", "spacesSecretKey"},
	},
	{
		kind: "R2", value: `"bucket":{` + someBucket + `},"cloudflareAccountId":"c","useAbsolutePaths":true`,
		fields: bucketFields(text("/cloudflareAccountId", "c", 1, 64)),
		keys:   []string{"r2AccessKey", "r2SecretKey"},
	},
	{
		kind: "GoogleStorage", value: `"bucket":{` + someBucket + `},"useAbsolutePaths":true`,
		fields: bucketFields(), keys: []string{"googleAccessKey", "googleSecretKey"},
	},
	{
		kind: "AzureReadOnly", value: `"azureStorage":{"accountName":"a","blobNamePrefix":"","containerName":"c"},"useAbsolutePaths":true`,
		fields: []field{
			object("/azureStorage"), closed("/azureStorage"), boolean("/useAbsolutePaths"), text("/azureStorage/accountName", "a", 1, 0, ""),
			text("/azureStorage/blobNamePrefix", "b", 0, 0), text("/azureStorage/containerName", "c", 1, 0, ""),
		},
		keys: []string{"sasToken"},
	},
}

var awsRegions = strings.Fields(`us-east-2 us-east-1 us-west-1 us-west-2 af-south-1 ap-east-1 ap-south-2 ap-southeast-3 ap-southeast-4
	ap-south-1 ap-northeast-3 ap-northeast-2 ap-southeast-1 ap-southeast-2 ap-northeast-1 ca-central-1 ca-west-1 eu-central-1 eu-west-1
	eu-west-2 eu-south-1 eu-west-3 eu-south-2 eu-north-1 eu-central-2 il-central-1 me-south-1 me-central-1 sa-east-1`)

// json is the layer as requests have it, or, without credentials, as answers do.
func (l layer) json(credentials bool) string {
	text := `{"type":"` + l.kind + `",` + l.value
	if credentials && len(l.keys) > 0 {
		text += `,"credentials":` + l.credentials()
	}
	return text + `}`
}

func (l layer) credentials() string {
	if len(l.keys) == 1 {
		return fmt.Sprintf(`{%q:"t"}`, l.keys[0])
	}
	return fmt.Sprintf(`{%q:%q,%q:%q}`, l.keys[0], long("k", 16), l.keys[1], long("s", 30))
}

// fieldsAt are the places of a layer that is at a place of a message.
func (l layer) fieldsAt(prefix string, request bool) []field {
	at := func(f field) field { f.at = prefix + f.at; return f }
	fields := []field{closed(prefix), {at: prefix + "/type", good: []any{l.kind}, bad: []any{"", "Other", "InternalStorageV1 ", 7, true}}}
	for _, f := range l.fields {
		fields = append(fields, at(f))
	}
	if len(l.keys) == 0 {
		return fields
	}
	credentials := prefix + "/credentials"
	if !request { // they are never in answers
		return append(fields, field{at: credentials, bad: []any{decode(l.credentials())}, optional: true})
	}
	fields = append(fields, object(credentials), closed(credentials))
	if len(l.keys) == 1 {
		return append(fields, text(credentials+"/"+l.keys[0], "t", 1, 0, ""))
	}
	return append(fields, text(credentials+"/"+l.keys[0], "k", 16, 128), text(credentials+"/"+l.keys[1], "s", 30, 128))
}

const putSettings = `{"folderPath":"/suite/settings","folderSettings":`

// update is a setting that may be set: values that it takes, and values that it does not.
func update(at string, value any, bad ...any) field {
	set := func(set, value any) any { return map[string]any{"set": set, "value": value} }
	f := field{
		at:   at,
		good: []any{map[string]any{"set": false}, map[string]any{"set": true}, set(true, value)},
		bad: append([]any{
			map[string]any{}, map[string]any{"value": value}, map[string]any{"set": "true"}, map[string]any{"set": 1}, map[string]any{"set": nil},
			set(false, value), set(true, nil), map[string]any{"set": true, "unknown": 1}, map[string]any{"set": false, "unknown": 1},
		}, notObjects...),
		optional: true,
	}
	for _, b := range bad {
		f.bad = append(f.bad, set(true, b))
	}
	return f
}

// permissionFields are the places of a list of public permissions.
func permissionFields(prefix string) []field {
	slugs := func(n int) any { return many(n, "raw") }
	slug := text(prefix+"/0/permissions/file/downloadFile/0", "a", 1, 100, "a b", "a/b", "*a", "a**", "")
	slug.good = append(slug.good, "*", "raw", "thumb-*", "a_.+=@~;%-9*")
	return []field{
		{at: prefix, good: []any{[]any{}}, bad: notLists, optional: true},
		object(prefix + "/0"),
		closed(prefix + "/0"),
		choice(prefix+"/0/scope", "This", "Children", "Grandchildren+"),
		object(prefix + "/0/permissions"),
		closed(prefix + "/0/permissions"),
		object(prefix + "/0/permissions/file"),
		closed(prefix + "/0/permissions/file"),
		{at: prefix + "/0/permissions/file/downloadFile", good: []any{slugs(0), slugs(10)}, bad: append([]any{slugs(11)}, notLists...)},
		slug,
	}
}

func description(at string) field { return text(at, "d", 1, 100, " d", "d ", " ", "a\nb") }

// folderRequests make folders and change their settings.
var folderRequests = func() []message {
	all := []message{
		{operation: "PutFolder", base: `{"allowUnnamedFolder":true,"folderPath":"/suite/folder"}`, fields: []field{
			closed(""), boolean("/allowUnnamedFolder").mayBeAbsent(), filePath("/folderPath"),
		}},
		{operation: "PutFolder", base: putSettings + `{"description":{"set":true,"value":"d"}}}`, fields: []field{
			object("/folderSettings").mayBeAbsent(), closed("/folderSettings"),
			update("/folderSettings/description", "d", "", " d", "d ", long("d", 101), 7),
			update("/folderSettings/publicPermissions", []any{}, map[string]any{}, []any{map[string]any{}}),
			update("/folderSettings/storageLayer", map[string]any{"type": "InternalStorageV2"}, map[string]any{}, map[string]any{"type": "Other"},
				map[string]any{"type": "InternalStorageV1"}),
			description("/folderSettings/description/value").mayBeAbsent(),
		}},
		{
			operation: "PutFolder", base: putSettings + `{"publicPermissions":{"set":true,"value":` + permissionsValue + `}}}`,
			fields: permissionFields("/folderSettings/publicPermissions/value"),
		},
	}
	for _, l := range layers {
		all = append(all, message{
			operation: "PutFolder", base: putSettings + `{"storageLayer":{"set":true,"value":` + l.json(true) + `}}}`,
			fields: l.fieldsAt("/folderSettings/storageLayer/value", true),
		})
	}
	return all
}()

func settingsFields(prefix string) []field {
	return slices.Concat([]field{
		object(prefix), closed(prefix), description(prefix + "/description").mayBeAbsent(), object(prefix + "/storageLayer").mayBeAbsent(),
	}, permissionFields(prefix+"/publicPermissions"), layers[0].fieldsAt(prefix+"/storageLayer", false))
}

func folderFields(prefix string) []field {
	return append([]field{
		closed(prefix), filePath(prefix + "/folderPath"), choice(prefix+"/type", "Folder"), boolean(prefix + "/virtual"),
	}, settingsFields(prefix+"/settings")...)
}

// folderAnswers are answers about folders.
var folderAnswers = func() []message {
	details := slices.Concat(folderFields(""), []field{
		object("/settingsInherited"), closed("/settingsInherited"),
		object("/settingsInherited/publicPermissions").mayBeAbsent(), closed("/settingsInherited/publicPermissions"),
		filePath("/settingsInherited/publicPermissions/folderPath"),
		{at: "/settingsInherited/publicPermissions/value", good: []any{[]any{}}, bad: notLists},
		object("/settingsInherited/storageLayer").mayBeAbsent(), closed("/settingsInherited/storageLayer"),
		filePath("/settingsInherited/storageLayer/folderPath"),
		{at: "/settingsInherited/storageLayer/value", good: []any{map[string]any{"type": "InternalStorageV1"}}, bad: append([]any{map[string]any{}}, notObjects...)},
	})
	all := []message{
		{operation: "CopyFile", base: `{"status":"Copied"}`, fields: []field{
			closed(""), {at: "/status", good: []any{"Copied"}, bad: []any{"copied", "FileNotFound", "", 7, true}},
		}},
		{operation: "PutFolder", base: folderResponse, fields: details},
		{operation: "GetFolderDetails", base: folderResponse, fields: details},
		{operation: "ListFolder", base: listResponse, fields: slices.Concat([]field{
			closed(""), text("/cursor", "c", 1, 0, ""), object("/folder"), boolean("/isPaginationComplete"),
			{at: "/items", good: []any{[]any{}, items(1000)}, bad: append([]any{items(1001)}, notLists...)},
			closed("/items/0"), filePath("/items/0/filePath"), fileURL("/items/0/fileUrl"), bytes64("/items/0/lastModified"),
			bytes64("/items/0/size"), {at: "/items/0/type", good: []any{"File"}, bad: []any{"Folder", "file", "Other", "", 7, true}},
		}, folderFields("/folder"), folderItemFields("/items/1"))},
	}
	for _, l := range append([]layer{{kind: "InternalStorageV1", value: `"type":"InternalStorageV1"`}}, layers...) {
		base := `{"folderPath":"/f","settings":{"storageLayer":` + l.json(false) + `},"settingsInherited":{},"type":"Folder","virtual":true}`
		if l.kind == "InternalStorageV1" { // which has nothing but its type
			base = strings.Replace(base, `"type":"InternalStorageV1","type"`, `"type"`, 1)
		}
		all = append(all, message{operation: "GetFolderDetails", base: base, fields: l.fieldsAt("/settings/storageLayer", false)})
	}
	return all
}()

// folderItemFields are those of a folder in a list, whose type tells it from a file.
func folderItemFields(prefix string) []field {
	return slices.DeleteFunc(folderFields(prefix), func(f field) bool { return f.at == prefix+"/type" })
}

func items(n int) any {
	return many(n, decode(`{"filePath":"/f/a","fileUrl":"https://upcdn.io/A623uY2/raw/f/a","lastModified":1,"size":1,"type":"File"}`))
}
