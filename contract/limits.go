package contract

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	// minRequestBytes and minRequestValues are the least limits of a JSON request, so that small
	// mistakes are reported as what they are.
	minRequestBytes  = 256 << 10
	minRequestValues = 1000
	// maxResponseValues limits the values in a JSON response. A page of a listing has some 20000, a list
	// of the parts of an upload 10000.
	maxResponseValues = 100_000

	// freeBytes and freeValues are the size of a value that the document does not limit, like metadata.
	freeBytes  = 64 << 10
	freeValues = 4096
	// scalarBytes is the size of a number or a boolean.
	scalarBytes = 32
)

// bodyLimit limits a JSON body: its bytes as they are sent, and the values that it consists of, each of
// which takes some hundred bytes once it is decoded.
type bodyLimit struct {
	bytes  int64
	values int
}

// requestLimit returns the limit for a request with the given schema: what the largest valid one has,
// but never less than a minimum.
func requestLimit(schema *openapi3.Schema) bodyLimit {
	limit := largest(schema, nil)
	return bodyLimit{bytes: max(limit.bytes, minRequestBytes), values: max(limit.values, minRequestValues)}
}

// responseLimit returns the limit for a response. It does not depend on the schema, because responses
// may have properties that the schema does not name.
func responseLimit(*openapi3.Schema) bodyLimit {
	return bodyLimit{bytes: DefaultMaxBody, values: maxResponseValues}
}

// largest returns the size of the largest value that matches a schema, written without white space and
// escape sequences. A schema that contains itself, which is one of those it is in, has no limit.
func largest(schema *openapi3.Schema, in []*openapi3.Schema) bodyLimit {
	free := bodyLimit{bytes: freeBytes, values: freeValues}
	if schema == nil || slices.Contains(in, schema) {
		return free
	}
	in = append(in, schema)
	switch {
	case len(schema.OneOf) > 0 || len(schema.AnyOf) > 0:
		var limit bodyLimit
		for _, variants := range []openapi3.SchemaRefs{schema.OneOf, schema.AnyOf} {
			for _, variant := range variants {
				each := largest(variant.Value, in)
				limit = bodyLimit{bytes: max(limit.bytes, each.bytes), values: max(limit.values, each.values)}
			}
		}
		return limit
	case len(schema.AllOf) > 0:
		var limit bodyLimit
		for _, variant := range schema.AllOf {
			limit = limit.plus(largest(variant.Value, in), 1)
		}
		return limit
	case schema.Type.Is(openapi3.TypeString):
		return bodyLimit{bytes: largestString(schema), values: 1}
	case schema.Type.Is(openapi3.TypeBoolean), schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		return bodyLimit{bytes: scalarBytes, values: 1}
	case schema.Type.Is(openapi3.TypeArray) && schema.Items != nil && schema.MaxItems != nil:
		item := largest(schema.Items.Value, in)
		item.bytes++ // the comma
		return bodyLimit{bytes: 2, values: 1}.plus(item, *schema.MaxItems)
	case schema.Type.Is(openapi3.TypeObject):
		return largestObject(schema, in)
	}
	return free
}

func largestString(schema *openapi3.Schema) int64 {
	longest := uint64(0)
	switch {
	case len(schema.Enum) > 0:
		for _, value := range schema.Enum {
			text, _ := value.(string)
			longest = max(longest, uint64(len(text)))
		}
	case schema.MaxLength != nil:
		longest = *schema.MaxLength
	default:
		return freeBytes
	}
	return int64(min(longest, DefaultMaxBody))*maxRune + 2
}

func largestObject(schema *openapi3.Schema, in []*openapi3.Schema) bodyLimit {
	limit := bodyLimit{bytes: 2, values: 1}
	for name, property := range schema.Properties {
		each := largest(property.Value, in)
		each.bytes += int64(len(name)) + 4 // quotes, colon and comma
		limit = limit.plus(each, 1)
	}
	if !isClosed(schema) {
		limit = limit.plus(bodyLimit{bytes: freeBytes, values: freeValues}, 1)
	}
	return limit
}

// plus adds another limit a number of times. The result is never more than what a response may have.
func (l bodyLimit) plus(other bodyLimit, times uint64) bodyLimit {
	times = min(times, DefaultMaxBody)
	return bodyLimit{
		bytes:  min(l.bytes+other.bytes*int64(times), DefaultMaxBody),
		values: int(min(int64(l.values)+int64(other.values)*int64(times), maxResponseValues)),
	}
}
