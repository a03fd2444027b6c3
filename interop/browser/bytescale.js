// What the vendor's script tag gives a page: the global name Bytescale.
export * from "@bytescale/sdk";
export { UploadWidget } from "@bytescale/upload-widget";
