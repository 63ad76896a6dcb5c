/** What an archive uses of the class `S3` of `@aws-sdk/client-s3`. Any object with these methods will do. */
export interface S3ArchiveClient {
  putObject(input: {
    readonly Bucket: string;
    readonly Key: string;
    readonly Body: Uint8Array;
    readonly ContentType: string;
  }): Promise<unknown>;
  getObject(input: {
    readonly Bucket: string;
    readonly Key: string;
  }): Promise<{ readonly Body?: { transformToByteArray(): Promise<Uint8Array> } | undefined }>;
  listObjectsV2(input: {
    readonly Bucket: string;
    readonly Prefix: string;
    readonly StartAfter: string;
    readonly ContinuationToken?: string | undefined;
  }): Promise<{
    readonly Contents?: readonly { readonly Key?: string | undefined }[] | undefined;
    readonly NextContinuationToken?: string | undefined;
  }>;
  deleteObjects(input: {
    readonly Bucket: string;
    readonly Delete: { readonly Objects: { readonly Key: string }[]; readonly Quiet: boolean };
  }): Promise<{ readonly Errors?: readonly { readonly Code?: string | undefined }[] | undefined }>;
}
