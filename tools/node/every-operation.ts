// Calls every operation with the types that openapi-typescript makes of openapi.yaml. The
// program is compiled and not run: it shows that the types fit the calls that people write.
import createClient from "openapi-fetch";

import type { components, operations, paths } from "../../build/portable/types";

const { GET, POST, PUT, DELETE } = createClient<paths>({
  baseUrl: "https://api.bytescale.com",
  headers: { Authorization: "Bearer secret_A623uY2exampleKey" },
});

const accountId = "A623uY2";
const filePath = "/uploads/image.jpg";
const folderPath = "/uploads";

/** The answer of a call, or an error with the code of the service. */
async function answer<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) {
    throw new Error(JSON.stringify(error));
  }
  return data;
}

/** Uploads bytes in parts. */
async function upload(content: Blob): Promise<components["schemas"]["FileDetails"] | undefined> {
  const begun = await answer(
    POST("/v2/accounts/{accountId}/uploads", {
      params: { path: { accountId } },
      body: { size: content.size, protocol: "1.1", path: { folderPath, fileName: "image.jpg" }, tags: ["a"], metadata: { b: true } },
    }),
  );
  for (let uploadPartIndex = 0; uploadPartIndex < begun.uploadParts.count; uploadPartIndex++) {
    const path = { accountId, uploadId: begun.uploadId, uploadPartIndex };
    const part = await answer(GET("/v2/accounts/{accountId}/uploads/{uploadId}/parts/{uploadPartIndex}", { params: { path } }));
    const put = await fetch(part.uploadUrl, {
      method: "PUT",
      body: content.slice(part.range.inclusiveStart, part.range.inclusiveEnd + 1),
    });
    const etag = put.headers.get("etag") ?? "";
    const done = await answer(PUT("/v2/accounts/{accountId}/uploads/{uploadId}/parts/{uploadPartIndex}", { params: { path }, body: { etag } }));
    if (done.status === "Completed") {
      return begun.file;
    }
  }
  return undefined;
}

/** Prints the entries of a folder, told apart by their type. */
async function list(): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await answer(
      GET("/v2/accounts/{accountId}/folders/list", { params: { path: { accountId }, query: { folderPath, recursive: true, limit: 100, cursor } } }),
    );
    for (const entry of page.items) {
      console.log(entry.type === "File" ? `${entry.filePath} ${entry.size}` : `${entry.folderPath}/`);
    }
    cursor = page.isPaginationComplete ? undefined : page.cursor;
  } while (cursor !== undefined);
}

/** Stores a transformation and waits for its job if there is one. */
async function process(): Promise<string> {
  const path = { accountId, transformation: "video", filePath };
  const saved = await answer(
    POST("/{accountId}/save/{transformation}{filePath}", { params: { path, query: { transformationParams: { f: "mp4" } } }, body: { destination: { folderPath } } }),
  );
  return saved.async ? saved.jobId : saved.filePath;
}

const params = { path: { accountId } };
const job = { path: { accountId, jobType: "DeleteFolderJob" as const, jobId: "01ARZ3NDEKTSV4RRFFQ69G5FAV" } };
const part = { path: { accountId, uploadId: "Kd759aLFxttm69kZ", uploadPartIndex: 0 } };

/** One call of each operation. tsc fails if one of openapi.yaml is missing here. */
export const everyOperation: Record<keyof operations, () => Promise<unknown>> = {
  BeginMultipartUpload: () => upload(new Blob(["content"])),
  ListUploadParts: () => answer(GET("/v2/accounts/{accountId}/uploads/{uploadId}/parts", { params: { path: { accountId, uploadId: "Kd759aLFxttm69kZ" } } })),
  GetUploadPart: () => answer(GET("/v2/accounts/{accountId}/uploads/{uploadId}/parts/{uploadPartIndex}", { params: part })),
  CompleteUploadPart: () => answer(PUT("/v2/accounts/{accountId}/uploads/{uploadId}/parts/{uploadPartIndex}", { params: part, body: { etag: "e" } })),
  BasicUpload: () => answer(POST("/v2/accounts/{accountId}/uploads/binary", { params: { ...params, query: { filePath } }, body: "content" })),
  FormDataUpload: () => answer(POST("/v2/accounts/{accountId}/uploads/form_data", { params, body: { file: "content" } })),
  UploadFromUrl: () => answer(POST("/v2/accounts/{accountId}/uploads/url", { params, body: { url: "https://example.com/a.jpg", path: { folderPath } } })),
  GetFileDetails: () => answer(GET("/v2/accounts/{accountId}/files/details", { params: { ...params, query: { filePath } } })),
  DeleteFile: () => DELETE("/v2/accounts/{accountId}/files", { params: { ...params, query: { filePath } } }),
  CopyFile: () => answer(POST("/v2/accounts/{accountId}/files/copy", { params, body: { source: filePath, destination: "/copy.jpg" } })),
  CopyFileBatch: () => answer(POST("/v2/accounts/{accountId}/files/copy/batch", { params, body: { files: [{ source: filePath, destination: "/copy.jpg" }] } })),
  DeleteFileBatch: () => answer(DELETE("/v2/accounts/{accountId}/files/batch", { params, body: { files: [filePath] } })),
  GetFolderDetails: () => answer(GET("/v2/accounts/{accountId}/folders", { params: { ...params, query: { folderPath } } })),
  PutFolder: () =>
    answer(
      PUT("/v2/accounts/{accountId}/folders", {
        params,
        body: { folderPath, folderSettings: { description: { set: true, value: "Pictures" }, publicPermissions: { set: false } } },
      }),
    ),
  DeleteFolder: () => answer(DELETE("/v2/accounts/{accountId}/folders", { params, body: { folderPath } })),
  DeleteFolderBatch: () => answer(DELETE("/v2/accounts/{accountId}/folders/batch", { params, body: { folders: [{ folderPath }] } })),
  CopyFolder: () => answer(POST("/v2/accounts/{accountId}/folders/copy", { params, body: { source: folderPath, destination: "/copy" } })),
  CopyFolderBatch: () => answer(POST("/v2/accounts/{accountId}/folders/copy/batch", { params, body: { folders: [{ source: folderPath, destination: "/copy" }] } })),
  ListFolder: list,
  ListRecentJobs: () => answer(GET("/v2/accounts/{accountId}/jobs", { params: { ...params, query: { jobType: ["DeleteFolderJob"] } } })),
  GetJob: async () => {
    const { status, error, summary } = await answer(GET("/v2/accounts/{accountId}/jobs/{jobType}/{jobId}", { params: job }));
    return status === "Failed" ? error?.code : summary;
  },
  CancelJob: () => DELETE("/v2/accounts/{accountId}/jobs/{jobType}/{jobId}", { params: job }),
  ResetCache: () => answer(POST("/v2/accounts/{accountId}/cache/reset", { params, body: { pattern: "/uploads/*", resetEdgeCache: true, resetPermanentCache: false } })),
  DownloadFile: () => answer(GET("/{accountId}/raw{filePath}", { params: { path: { accountId, filePath }, header: { Range: "bytes=0-99" } }, parseAs: "blob" })),
  ProcessFileAndSave: process,
  ProcessFile: () =>
    answer(GET("/{accountId}/{transformation}{filePath}", { params: { path: { accountId, transformation: "image", filePath }, query: { transformationParams: { w: 400 } } }, parseAs: "blob" })),
};
