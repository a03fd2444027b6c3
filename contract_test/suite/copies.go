package suite

// dataFields are the places of what a copy gets for metadata and tags.
func dataFields(prefix string) []field {
	return []field{
		object(prefix + "/metadata").mayBeAbsent(),
		closed(prefix + "/metadata"),
		boolean(prefix + "/metadata/merge").mayBeAbsent(),
		freeObject(prefix + "/metadata/value").mayBeAbsent(),
		object(prefix + "/tags").mayBeAbsent(),
		closed(prefix + "/tags"),
		boolean(prefix + "/tags/merge").mayBeAbsent(),
		tags(prefix + "/tags/value").mayBeAbsent(),
		tagAt(prefix + "/tags/value/0"),
	}
}

func copyFields(prefix string) []field {
	return append([]field{
		closed(prefix),
		filePath(prefix + "/destination"),
		filePath(prefix + "/source"),
	}, dataFields(prefix)...)
}

func copyFolderFields(prefix string) []field {
	return append([]field{
		closed(prefix),
		boolean(prefix + "/copyFiles").mayBeAbsent(),
		boolean(prefix + "/copyOverriddenStorage").mayBeAbsent(),
		boolean(prefix + "/copyVirtualFolders").mayBeAbsent(),
		filePath(prefix + "/destination"),
		boolean(prefix + "/recursive").mayBeAbsent(),
		filePath(prefix + "/source"),
	}, dataFields(prefix)...)
}

func deleteFolderFields(prefix string) []field {
	return []field{
		closed(prefix),
		boolean(prefix + "/deleteFiles").mayBeAbsent(),
		boolean(prefix + "/deleteVirtualFolders").mayBeAbsent(),
		filePath(prefix + "/folderPath"),
		boolean(prefix + "/recursive").mayBeAbsent(),
	}
}

// batchOf is a list of a request, with a least and a largest number of items.
func batchOf(name, item string, maximum int, fields []field) message {
	list := func(n int) any { return many(n, decode(item)) }
	return message{base: `{"` + name + `":[` + item + `]}`, fields: append([]field{
		closed(""),
		{at: "/" + name, good: []any{list(1), list(maximum)}, bad: append([]any{list(0), list(maximum + 1)}, notLists...)},
	}, fields...)}
}

func (m message) of(operation string) message { m.operation = operation; return m }

// copyRequests copy and delete files and folders.
var copyRequests = []message{
	{operation: "CopyFile", base: copyRequest, fields: copyFields("")},
	{operation: "CopyFile", base: `{"destination":"/suite/b","source":"/suite/a"}`},
	batchOf("files", copyRequest, 100, append(copyFields("/files/0"), object("/files/0"))).of("CopyFileBatch"),
	batchOf("files", `"/suite/a"`, 1000, []field{filePath("/files/0")}).of("DeleteFileBatch"),
	{operation: "CopyFolder", base: copyFolderRequest, fields: copyFolderFields("")},
	batchOf("folders", copyFolderRequest, 100, append(copyFolderFields("/folders/0"), object("/folders/0"))).of("CopyFolderBatch"),
	{operation: "DeleteFolder", base: deleteFolderRequest, fields: deleteFolderFields("")},
	batchOf("folders", deleteFolderRequest, 1000, append(deleteFolderFields("/folders/0"), object("/folders/0"))).of("DeleteFolderBatch"),
}
