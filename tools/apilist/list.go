package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// list returns the exported API of the package in dir, sorted. It looks at the
// files of one platform, so that the listing is the same wherever it is made.
func list(dir string) ([]string, error) {
	platform := build.Default
	platform.GOOS, platform.GOARCH, platform.CgoEnabled = "linux", "amd64", false
	found, err := platform.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	l := lister{pkg: found.Name}
	for _, name := range found.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				l.function(decl)
			case *ast.GenDecl:
				l.declaration(decl)
			}
		}
	}
	slices.Sort(l.lines)
	return l.lines, nil
}

type lister struct {
	pkg   string
	lines []string
}

func (l *lister) add(format string, args ...any) {
	l.lines = append(l.lines, "pkg "+l.pkg+", "+fmt.Sprintf(format, args...))
}

func (l *lister) function(decl *ast.FuncDecl) {
	if !decl.Name.IsExported() {
		return
	}
	if decl.Recv == nil {
		l.add("func %s%s%s", decl.Name, typeParams(decl.Type.TypeParams), signature(decl.Type))
		return
	}
	receiver := decl.Recv.List[0].Type
	if ast.IsExported(strings.TrimLeft(text(receiver), "*")) {
		l.add("method (%s) %s%s", text(receiver), decl.Name, signature(decl.Type))
	}
}

func (l *lister) declaration(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				l.typeSpec(spec)
			}
		case *ast.ValueSpec:
			for i, name := range spec.Names {
				if name.IsExported() {
					l.value(decl.Tok, spec, i)
				}
			}
		}
	}
}

// value lists a constant with its value (a change of it changes what users
// send or compare with), a variable without.
func (l *lister) value(kind token.Token, spec *ast.ValueSpec, i int) {
	line := fmt.Sprintf("%s %s", kind, spec.Names[i])
	if spec.Type != nil {
		line += " " + text(spec.Type)
	}
	if kind == token.CONST && i < len(spec.Values) {
		line += " = " + text(spec.Values[i])
	}
	l.add("%s", line)
}

func (l *lister) typeSpec(spec *ast.TypeSpec) {
	name := spec.Name.Name + typeParams(spec.TypeParams)
	if spec.Assign.IsValid() {
		l.add("type %s = %s", name, text(spec.Type))
		return
	}
	switch kind := spec.Type.(type) {
	case *ast.StructType:
		l.add("type %s struct", name)
		for _, field := range kind.Fields.List {
			l.field(name, field)
		}
	case *ast.InterfaceType:
		l.add("type %s interface { %s }", name, strings.Join(methods(kind), "; "))
	default:
		l.add("type %s %s", name, text(spec.Type))
	}
}

func (l *lister) field(owner string, field *ast.Field) {
	tag := ""
	if field.Tag != nil {
		tag = " " + field.Tag.Value
	}
	if len(field.Names) == 0 {
		l.add("type %s struct, embeds %s%s", owner, text(field.Type), tag)
	}
	for _, name := range field.Names {
		if name.IsExported() {
			l.add("type %s struct, %s %s%s", owner, name, text(field.Type), tag)
		}
	}
}

func methods(kind *ast.InterfaceType) []string {
	var all []string
	for _, method := range kind.Methods.List {
		function, ok := method.Type.(*ast.FuncType)
		if !ok || len(method.Names) == 0 {
			all = append(all, text(method.Type))
			continue
		}
		if method.Names[0].IsExported() {
			all = append(all, method.Names[0].Name+signature(function))
		} else {
			all = append(all, "unexported")
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// signature prints parameters and results without their names, which may
// change freely.
func signature(function *ast.FuncType) string {
	s := "(" + strings.Join(types(function.Params), ", ") + ")"
	switch results := types(function.Results); len(results) {
	case 0:
		return s
	case 1:
		return s + " " + results[0]
	default:
		return s + " (" + strings.Join(results, ", ") + ")"
	}
}

func types(fields *ast.FieldList) (all []string) {
	if fields == nil {
		return nil
	}
	for _, field := range fields.List {
		for range max(1, len(field.Names)) {
			all = append(all, text(field.Type))
		}
	}
	return all
}

func typeParams(fields *ast.FieldList) string {
	if fields == nil {
		return ""
	}
	var all []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			all = append(all, name.Name+" "+text(field.Type))
		}
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// text prints a node on one line.
func text(node ast.Node) string {
	if function, ok := node.(*ast.FuncType); ok {
		return "func" + signature(function)
	}
	var out bytes.Buffer
	if err := printer.Fprint(&out, token.NewFileSet(), node); err != nil {
		return err.Error() // cannot happen: the node was parsed from source
	}
	return strings.Join(strings.Fields(out.String()), " ")
}
